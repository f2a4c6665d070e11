import functools

import pytest

from exampled import event, story

SIGNED_UP = event("user/signed-up", user_id="u1", email="ada@example.com")


@pytest.fixture
def basic(example):
    return example("basic_function")


def test_a_new_user_gets_a_profile_and_then_a_mail(basic, capsys):
    run = basic.play("welcome", SIGNED_UP)

    assert run.output == "Ada"
    assert story(run) == [("StepRun", "create-profile"), ("StepRun", "send-welcome")]
    assert "mail to ada@example.com: Welcome, Ada!" in capsys.readouterr().out


def test_a_mail_service_that_fails_once_is_asked_again_and_the_profile_is_not_made_again(basic, monkeypatch):
    profiles, mails = [], []
    create_profile = basic.module.create_profile

    @functools.wraps(create_profile)
    def note_profile(user):
        profiles.append(user.user_id)
        return create_profile(user)

    def fail_at_first(to, subject):
        mails.append(to)
        if len(mails) <= 2:
            raise OSError("the mail service is down")

    monkeypatch.setattr(basic.module, "create_profile", note_profile)
    monkeypatch.setattr(basic.module, "send_mail", fail_at_first)

    run = basic.play("welcome", SIGNED_UP)

    assert run.status == "completed"
    assert set(profiles) == {"u1"}
    assert [kind for kind, step in story(run) if step == "create-profile"] == ["StepRun"]


def test_data_that_is_no_sign_up_fails_at_once_and_names_the_field(basic):
    run = basic.play("welcome", event("user/signed-up", user_id="u1"))

    assert run.status == "failed"
    assert len(run.replies) == 1
    assert "email: Field required" in run.output["message"]


def test_the_app_answers_a_sign_up_with_202_and_sends_the_event(basic):
    answer = basic.module.app.test_client().post("/users", json={"email": "ada@example.com"})

    assert answer.status_code == 202
    (sent,) = basic.sent
    assert sent["name"] == "user/signed-up"
    assert sent["data"] == {"user_id": answer.json["user_id"], "email": "ada@example.com"}


def test_flask_serves_the_function(basic):
    app = basic.module.app.test_client()

    assert app.get("/api/inngest").json["function_count"] == 1
