from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404

from inngest_django import client
from orders.events import order_placed
from orders.models import Order


def place(request: HttpRequest) -> JsonResponse:
    order = Order.objects.create(item=request.POST["item"])
    client.send_sync(order_placed(order_id=order.pk))
    return JsonResponse({"order": order.pk}, status=202)


def show(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"state": get_object_or_404(Order, pk=number).state})
