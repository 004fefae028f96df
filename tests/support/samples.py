"""The shipped samples, as a clone of them holds them."""

TRAINING = "experiments/Customer churn - training-609597"
TRAIN, EVALUATE = f"{TRAINING}/nodes/Train Model 166-bb60.json", f"{TRAINING}/nodes/Evaluate Model 181-bb60.json"
NOT_NORMAL = ('"CommentCollapsed": true', '"CommentCollapsed":true')
"""An edit of any node's file after which it is not in normal form: old, new."""
