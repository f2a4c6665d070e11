"""Django: a project as it is in real life, with everything that inngest_django has for one.

python examples/django_project/manage.py migrate
python examples/django_project/manage.py inngest_dev
curl -X POST localhost:8000/orders -d item=book
"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    execute_from_command_line(sys.argv)
