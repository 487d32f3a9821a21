"""Who: organisations, their places, people, memberships, what each may do and see."""
