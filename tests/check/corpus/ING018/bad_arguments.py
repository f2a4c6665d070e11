import inngest_py as inngest

KEY = "abcdefghijklmnop"  # found
client = inngest.Inngest(
    app_id="shop",
    signing_key="signkey-prod-abcdef0123456789",  # found
    event_key=KEY,
)
