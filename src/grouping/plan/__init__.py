"""What came out: plans, evaluations of any division, comparison."""
