"""Everything that is kept: facts in Postgres, pictures in an object store. The one door of both."""
