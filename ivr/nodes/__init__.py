"""The nodes a flow is made of, one file each."""
