from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404

from inngest_django import send_on_commit
from orders.events import order_placed
from orders.models import Order
from orders.tasks import send_receipt


@transaction.atomic
def place(request: HttpRequest) -> JsonResponse:
    order = Order.objects.create(item=request.POST["item"])
    send_on_commit(order_placed(order_id=order.pk))  # kept beside the order, and sent when both are committed
    receipt = send_receipt.enqueue(order.pk, request.POST.get("email", "ada@example.com"))  # with the same commit
    return JsonResponse({"order": order.pk, "receipt": receipt.id}, status=202)


def show(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"state": get_object_or_404(Order, pk=number).state})


def receipt(_request: HttpRequest, task_id: str) -> JsonResponse:
    return JsonResponse({"status": send_receipt.get_result(task_id).status})
