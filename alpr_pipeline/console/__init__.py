"""The web pages: templates, static files, and how facts become words on a screen."""
