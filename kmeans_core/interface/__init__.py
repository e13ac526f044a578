"""scikit-learn's estimator protocol, written out."""
