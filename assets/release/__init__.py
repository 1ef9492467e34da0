"""What may leave the house: the policy, what it blanks, and whether that can be undone."""
