"""Two tags and two elements in a page of another project, which has a framework and a swapping script of its own."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import COUNT_SHIFTS, wait_until_live

pytestmark = [pytest.mark.browser, pytest.mark.page]
SHOP = Path(__file__).parent / "shop"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"


def serve(route: Route) -> None:
    """The other project's server, under the same address."""
    name = route.request.url.rpartition("/")[2] or "page.html"
    kind = mimetypes.guess_type(name)[0] or "text/html"
    body = (SHOP / name).read_text()
    route.fulfill(body=body, content_type=kind, headers={"Content-Security-Policy": POLICY})


@pytest.fixture
def shop(site, enter) -> Page:
    """Alice is signed in; one notification is unread."""
    page: Page = enter("alice", "")
    site.job_finished("Shot 601", for_="alice")
    site.wait_for_unread("alice", 1)
    page.context.route("**/shop/**", serve)
    # To Chromium a page that comes from no network isn't on this machine, as the socket's server is.
    page.context.grant_permissions(["local-network-access"])
    page.context.add_init_script(COUNT_SHIFTS)
    page.goto("/shop/")
    wait_until_live(page)
    page.mouse.move(5, 600)
    return page


def style_of(page: Page, where: str, name: str) -> str:
    found: str = page.locator(where).first.evaluate("(node, name) => getComputedStyle(node)[name]", name)
    return found


def test_bell_panel_and_toast_work_and_nothing_moves(site, shop):
    expect(shop.locator("carillon-bell .badge")).to_have_text("1")
    expect(shop).to_have_title("(1) Shop")
    site.job_finished("Shot 602", for_="alice")
    expect(shop.locator("carillon-toasts .toast")).to_be_visible()
    expect(shop.locator("carillon-toasts .toast")).to_contain_text("Shot 602 finished")
    shop.locator("carillon-bell .bell").click()
    expect(shop.locator("carillon-bell .panel .carillon-row").first).to_contain_text("Shot 602 finished")
    assert shop.evaluate("() => window.shifts") == []


def test_neither_style_reaches_into_the_other(site, shop):
    site.job_finished("Shot 603", for_="alice")
    expect(shop.locator("carillon-toasts .toast")).to_be_visible()
    assert style_of(shop, "carillon-toasts .toast", "display") == "grid"
    assert style_of(shop, "carillon-toasts .toast", "width") == "340px"
    assert style_of(shop, "carillon-toasts .close", "float") == "none"
    assert style_of(shop, "carillon-toasts .close", "borderTopStyle") == "solid"
    assert style_of(shop, "carillon-toasts .title", "fontSize") == "15px"
    assert style_of(shop, "#content .button", "borderTopStyle") == "dashed"
    assert style_of(shop, "#content .badge", "position") == "static"
    assert style_of(shop, "#content .panel", "position") == "static"
    assert style_of(shop, "#content .rows", "borderTopStyle") == "none"
    assert style_of(shop, "html", "colorScheme") == "normal"


def test_a_property_changes_the_colours(shop):
    shop.evaluate("document.documentElement.style.setProperty('--carillon-brass', 'rgb(1, 2, 3)')")
    assert style_of(shop, "carillon-bell .badge", "backgroundColor") == "rgb(1, 2, 3)"


def test_the_bell_has_the_colour_of_its_bar_and_no_text_shouts(shop):
    bar = shop.locator(".navbar")
    bar.evaluate(
        "(bar) => Object.assign(bar.style, { color: 'rgb(250, 250, 250)', background: '#333', letterSpacing: '3px' })"
    )
    expect(shop.locator("carillon-bell")).not_to_have_attribute("data-ground", "")
    assert style_of(shop, "carillon-bell .bell", "color") == "rgb(250, 250, 250)"
    assert "serif" not in style_of(shop, "carillon-bell .badge", "fontFamily").split(", ")
    shop.locator("carillon-bell .bell").click()
    expect(shop.locator("carillon-bell .panel .carillon-row").first).to_be_visible()
    assert style_of(shop, "carillon-bell .panel .button", "textTransform") == "none"
    assert style_of(shop, "carillon-bell .panel .row-title", "letterSpacing") == "normal"
    shop.evaluate("document.documentElement.style.setProperty('--carillon-bell', 'rgb(250, 240, 230)')")
    assert style_of(shop, "carillon-bell .bell", "color") == "rgb(250, 240, 230)"


def test_the_bell_gets_a_ground_where_its_bar_would_hide_it_and_loses_it_again(shop):
    bell, bar = shop.locator("carillon-bell"), shop.locator(".navbar")
    expect(bell).not_to_have_attribute("data-ground", "")
    bar.evaluate("(bar) => Object.assign(bar.style, { background: 'rgb(40, 40, 40)', color: 'rgb(60, 60, 60)' })")
    expect(bell).to_have_attribute("data-ground", "")
    expect(bell.locator(".bell")).to_have_css("background-color", "rgb(255, 255, 255)")
    bar.evaluate("(bar) => bar.style.setProperty('color', 'white')")
    expect(bell).not_to_have_attribute("data-ground", "")


def test_what_a_picture_shows_behind_the_bell_nobody_knows(shop):
    shop.locator(".navbar").evaluate("(bar) => { bar.style.background = 'linear-gradient(#fff, #eee)' }")
    expect(shop.locator("carillon-bell")).to_have_attribute("data-ground", "")


def test_a_swap_around_them_leaves_them_alone(site, shop):
    shop.get_by_role("button", name="Swap").click()
    expect(shop.get_by_role("heading", name="Swapped")).to_be_visible()
    site.job_finished("Shot 604", for_="alice")
    expect(shop.locator("carillon-bell .badge")).to_have_text("2")
    expect(shop.locator("carillon-toasts .toast")).to_have_count(1)


def test_a_swap_of_the_whole_body_brings_new_ones_to_life(site, shop):
    shop.locator("#swap").evaluate("(button) => Object.assign(button.dataset, {swap: 'body', with: '/shop/'})")
    shop.get_by_role("button", name="Swap").click()
    expect(shop.locator("carillon-bell .badge")).to_have_text("1")
    site.job_finished("Shot 605", for_="alice")
    expect(shop.locator("carillon-bell .badge")).to_have_text("2")
    expect(shop.locator("carillon-toasts .toast")).to_have_count(1)
    expect(shop.locator("#carillon-polite")).to_contain_text("Shot 605 finished")
    shop.locator("carillon-bell .bell").click()
    expect(shop.locator("carillon-bell .panel .carillon-row").first).to_contain_text("Shot 605 finished")
    expect(shop).to_have_url("/shop/")


def test_taken_out_and_put_back_they_go_on(site, shop):
    shop.evaluate("""() => { const [bell, toasts] = document.querySelectorAll("carillon-bell, carillon-toasts");
      bell.remove(); toasts.remove(); document.body.append(toasts, bell); }""")
    site.job_finished("Shot 606", for_="alice")
    expect(shop.locator("carillon-bell .badge")).to_have_text("2")
    expect(shop.locator("carillon-toasts .toast")).to_have_count(1)


def test_the_page_hears_of_it_and_may_take_over(site, shop):
    shop.evaluate("""() => { window.heard = [];
      for (const name of ["carillon:notification", "carillon:unread", "carillon:open"]) {
        document.addEventListener(name, (event) => {
          event.preventDefault();
          window.heard.push([name, event.detail.title ?? event.detail.count ?? event.detail.url]);
        });
      } }""")
    site.job_finished("Shot 607", for_="alice")
    shop.wait_for_function("() => window.heard.length === 2")
    shop.locator("carillon-bell .bell").click()
    assert shop.evaluate("() => window.heard") == [
        ["carillon:unread", 2],
        ["carillon:notification", "Shot 607 finished"],
        ["carillon:open", "/notifications/"],
    ]
    expect(shop.locator("carillon-toasts .toast")).to_have_count(0)
    expect(shop.locator("carillon-bell .panel")).to_be_hidden()


def test_a_page_that_opens_a_toast_itself_leaves_it_read(site, shop):
    shop.evaluate("document.addEventListener('carillon:open', (event) => event.preventDefault())")
    site.job_finished("Shot 608", for_="alice")
    shop.locator("carillon-toasts .open").click()
    expect(shop.locator("carillon-bell .badge")).to_have_text("1")
    expect(shop).to_have_url("/shop/")


def test_what_a_page_is_about_is_followed_from_it(site, shop):
    site.publish("job.completed", actor="alice", source=901, name="Shot 901", message="")
    expect(shop.locator("carillon-bell .badge")).to_have_text("2")
    # The way back is no address of the shop's: a redirect would not find its server.
    shop.evaluate("() => history.replaceState(null, '', '/notifications/')")
    element = '<carillon-follow type="job" id="901"></carillon-follow>'
    shop.locator("#content").evaluate("(content, element) => { content.innerHTML += element }", element)
    follow = shop.get_by_role("button", name="Follow Shot 901")
    expect(follow).to_have_css("border-top-style", "solid")
    follow.click()
    expect(shop.get_by_text("You follow this now.")).to_be_visible()
    expect(shop).to_have_url("/notifications/")


def test_for_nobody_it_stays_empty(enter):
    page = enter("bob", "/sign-in/", clear=False, storage_state={"cookies": [], "origins": []})
    page.context.route("**/shop/**", serve)
    with page.expect_response("**/notifications/embed/"):
        page.goto("/shop/")
    page.wait_for_load_state("load")
    assert page.locator("carillon-bell > *, carillon-toasts > *").count() == 0
