"""What lets others see that the rules are kept: the public document, the proof of the audit trail, audits, reports."""
