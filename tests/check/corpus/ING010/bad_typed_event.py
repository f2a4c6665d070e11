from elsewhere import Payment
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
received = inngest.EventType("payment/received", Payment)


@client.create_function(fn_id="book", trigger=[received])  # found
def one(ctx): ...
