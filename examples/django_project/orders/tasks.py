"""Django's own tasks: what needs no steps is one function with a decorator, and has retries, a delay and a result."""

try:
    from django.tasks import task
except ImportError:  # before Django 6: pip install django-tasks
    from django_tasks import task

from django.core.mail import send_mail

from orders.models import Order


@task(priority=10)
def send_receipt(order_id: int, email: str) -> str:
    order = Order.objects.get(pk=order_id)
    send_mail(f"Your {order.item}", "Thank you!", "shop@example.com", [email])
    return order.item


@task(takes_context=True)
async def forget(context, order_id: int) -> int:
    deleted, _ = await Order.objects.filter(pk=order_id).adelete()
    return deleted + context.attempt - 1
