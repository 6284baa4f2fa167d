"""An environment for reinforcement learning: a run or a stream as a taskset of ``verifiers``, checked and packaged."""
