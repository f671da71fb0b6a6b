"""What people do with a lake and a warehouse that are in use."""
