"""Problem → Assignment and bound: engines that read nothing but a :class:`grouping.problem.Problem`."""
