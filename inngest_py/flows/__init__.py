"""Conversations with an Inngest server, each written once as a flow: pure, one colour."""
