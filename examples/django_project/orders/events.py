from pydantic import BaseModel

import inngest_py as inngest


class OrderPlaced(BaseModel):
    order_id: int


order_placed = inngest.EventType("order/placed", OrderPlaced)
