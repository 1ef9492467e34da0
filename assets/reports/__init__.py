"""The pages that people read: of a day, of a day for the public, of a week."""
