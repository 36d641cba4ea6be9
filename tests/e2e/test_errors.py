"""Foreseen failures on the real engine: plain words, no traceback, and nothing lost."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

HUNGARY = 'plusofon.AllowedDirection("hungary", code="36")'


def kept(project: Project) -> list[tuple[object, ...]]:
    """What state says of our resources; the engine itself drops and adds bookkeeping of its own."""
    return [tuple(each[key] for key in ("urn", "id", "inputs", "outputs")) for each in project.resources()]


def test_no_token_is_one_sentence_in_preview_that_names_both_ways_to_set_it(project: Project) -> None:
    project.set_env(PLUSOFON_TOKEN=None)
    project.write(HUNGARY)
    told = project.preview(fails=True).output
    assert "has a problem: there is no Plusofon token: run `pulumi config set --secret plusofon:token`" in told
    assert "or set the environment variable PLUSOFON_TOKEN" in told
    assert not traceback_in(told)


@pytest.mark.oldest
@pytest.mark.parametrize("reading", ["401", "403", "500", "200"])
def test_a_refused_token_is_one_sentence_in_preview(project: Project, sandbox: Sandbox, reading: str) -> None:
    sandbox.set_readings({"R9": reading})
    project.write(HUNGARY)
    project.up()
    project.set_env(PLUSOFON_TOKEN="not-the-token")
    for program in (HUNGARY, 'plusofon.AllowedDirection("another", code="58")'):
        project.write(program)
        told = project.preview(fails=True).output
        assert f"the answer is {reading}, «" in told or "the answer (200) says that it failed, «" in told
        assert "Check the token" in told
        assert not traceback_in(told)
        assert "not-the-token" not in told


@pytest.mark.parametrize("fault", ["status:401", "status:403", "status:500", "html:200", "html:502", "success-false"])
def test_a_refresh_that_cannot_read_the_list_fails_and_leaves_the_state(
    project: Project, sandbox: Sandbox, fault: str
) -> None:
    project.write(HUNGARY)
    project.up()
    before = kept(project)
    sandbox.set_open([])
    sandbox.fail_next(50, fault=fault)
    told = project.refresh(fails=True).output
    assert "GET /api/v1/direction" in told
    assert not traceback_in(told)
    assert kept(project) == before


def test_a_refresh_without_any_answer_fails_and_leaves_the_state(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    project.up()
    before = kept(project)
    sandbox.stop()
    told = project.refresh(fails=True).output
    assert "no connection could be made (Connection refused)" in told
    assert not traceback_in(told)
    assert kept(project) == before


@pytest.mark.oldest
def test_a_refresh_after_a_closing_in_the_account_drops_the_resource(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    project.up()
    sandbox.set_open([])
    project.refresh()
    assert project.resources() == []
    project.up()
    assert sandbox.open_codes == {"36"}


def test_a_put_that_changes_nothing_fails_and_state_claims_nothing(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    sandbox.fail_next(1, fault="ignore", method="PUT")
    told = project.up(fails=True).output
    assert (
        "36 (Hungary) was not opened: PUT was answered with success, but the list of open directions has not changed"
        in told
    )
    assert project.resources() == []


def test_a_delete_that_changes_nothing_fails_and_state_keeps_the_resource(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    project.up()
    sandbox.fail_next(5, fault="ignore", method="DELETE")
    told = project.destroy(fails=True).output
    assert (
        "36 (Hungary) was not closed: DELETE was answered with success, but the list of open directions has not" in told
    )
    assert len(project.resources()) == 1
    sandbox.clear_faults()
    project.destroy()
    assert sandbox.open_codes == set()


def test_a_write_that_took_effect_although_its_connection_broke_counts(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    sandbox.set_readings({"R5": "400", "R4": "404"})
    sandbox.fail_next(1, fault="reset:after", method="PUT")
    project.up()
    assert len(project.resources()) == 1
    sandbox.fail_next(1, fault="reset:after", method="DELETE")
    project.destroy()
    assert project.resources() == []


def test_the_home_direction_that_cannot_be_closed_is_explained(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R11": "always"})
    project.write('plusofon.AllowedDirection("home", code="7")')
    project.up()
    told = project.destroy(fails=True).output
    assert "If it is the account's home direction, Plusofon keeps it open" in told
    assert not traceback_in(told)
    project.write('plusofon.AllowedDirection("home", code="7", opts=pulumi.ResourceOptions(retain_on_delete=True))')
    project.up()
    project.destroy()
    assert project.resources() == []


@pytest.mark.parametrize("form", ["data", "directions", "nested", "meta", "beside"])
def test_a_code_on_a_later_page_is_neither_closed_nor_unknown(project: Project, sandbox: Sandbox, form: str) -> None:
    # Twenty codes before it, fifteen a page.
    sandbox.set_open(
        ["1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46"]
    )
    sandbox.set_open([*sorted(sandbox.open_codes), "998"])
    sandbox.set_readings({"R14": form})
    project.write('plusofon.AllowedDirection("uzbekistan", code="998")')
    project.up()
    assert sandbox.calls("PUT") == 0
    project.preview("--expect-no-changes")
    project.refresh()
    assert len(project.resources()) == 1


def test_a_list_whose_next_page_is_on_another_host_is_refused(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R14": "foreign"})
    project.write(HUNGARY)
    assert "its next page is on another host" in project.preview(fails=True).output


def test_plain_http_to_another_host_is_refused_before_any_request(make_project: MakeProject) -> None:
    project = make_project(
        HUNGARY, env={"PLUSOFON_TOKEN": "a-token", "PLUSOFON_BASE_URL": "http://restapi.example.com"}
    )
    told = project.preview(fails=True).output
    assert "would send the token unencrypted: use https" in told


def test_a_redirect_is_not_followed(make_project: MakeProject, sandbox: Sandbox) -> None:
    with Sandbox() as elsewhere:
        project = make_project(HUNGARY, sandbox)
        sandbox.fail_next(1, fault=f"redirect:{elsewhere.url}/api/v1/directions")
        assert "where the token is not sent" in project.preview(fails=True).output
        assert elsewhere.requests == []
