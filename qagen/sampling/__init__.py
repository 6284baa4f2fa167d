"""Choosing what is asked: view sets, marks, pools, quotas, balance and distractors."""
