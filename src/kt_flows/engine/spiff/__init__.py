"""The seam: the only folder that knows SpiffWorkflow.

Its specs, tasks and task states carry our cases; what stock 3.2 does wrong or slowly (docs/explanation/engine.md) is
not used: the parser, prediction, the tree of finished tasks, its joins, its event manager and its script engine.
"""
