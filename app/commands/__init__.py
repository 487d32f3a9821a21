"""The commands of ``flask --app wsgi``, a module a subject."""
