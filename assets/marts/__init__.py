"""Footfall marts: their contracts, the relations that their SQL reads, and their release."""
