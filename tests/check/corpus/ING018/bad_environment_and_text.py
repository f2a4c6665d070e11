import os
import inngest_py

os.environ["INNGEST_EVENT_KEY"] = "abcdefghijklmnop"  # found
HEADERS = {"Authorization": "Bearer signkey-branch-abcdef0123456789"}  # found
