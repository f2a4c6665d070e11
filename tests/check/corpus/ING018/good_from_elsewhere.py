import os
import inngest_py as inngest

client = inngest.Inngest(app_id="shop", signing_key=os.environ["SHOP_KEY"], event_key=os.getenv("SHOP_EVENT_KEY"))
local = inngest.Inngest(app_id="shop", is_production=False, event_key="local", signing_key=None)
HINT = "a key begins with signkey-prod-"
