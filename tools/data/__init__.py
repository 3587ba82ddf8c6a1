"""Makes the test data: see ../prepare_data.py."""
