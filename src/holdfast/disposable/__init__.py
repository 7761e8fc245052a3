"""Processes in which one kind of generated query runs, and which can do nothing else.

`inside` is imported by such a process, `owner` by whoever starts it; what is asked goes over one socket.
"""
