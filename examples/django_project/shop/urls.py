from django.urls import path

from inngest_django import serve
from orders import views

urlpatterns = [
    path("api/inngest", serve()),
    path("orders", views.place),
    path("orders/<int:number>", views.show),
    path("receipts/<task_id>", views.receipt),
]
