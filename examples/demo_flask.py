"""gunicorn examples.demo_flask:app"""

from flask import Flask

from examples.demo_shop import client
from inngest_flask import serve

app = Flask(__name__)
app.register_blueprint(serve(client))
