"""Driving side: how clients come in."""
