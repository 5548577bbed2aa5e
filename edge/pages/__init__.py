"""What people in the shop see: the pages."""
