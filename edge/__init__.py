"""The gateway of a shop: vocabulary, rules, storage, API and pages."""
