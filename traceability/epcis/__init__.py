"""EPCIS 2.0 and CBV 2.0: events as the trade exchanges them. Rules here are pure; what is stored is the store's."""
