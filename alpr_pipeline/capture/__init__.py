"""Camera -> frame: cameras, videos, folders and single pictures, and the clock that dates them."""
