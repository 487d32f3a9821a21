"""A django-oscar shop beside ours. Run by an environment of its own, never by ours."""
