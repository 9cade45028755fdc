"""The transfer seen from the outside while everything around it breaks; ``make kills`` runs it at length."""
