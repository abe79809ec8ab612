"""Asking in a real browser: answers with their evidence, follow-ups, meanings of names, stopping, and questions that come fast."""

import pytest
from visiting import CHROMIUM

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_ask_open_evidence_entity_and_document(visit):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    assert "severe renal impairment" in at.live(".said").inner_text()
    assert at.live(".conflict .side").count() == 2
    at.live(".cite").nth(1).click()
    assert at.page.locator("#t1-e2").get_attribute("open") is not None
    assert at.page.evaluate("document.activeElement.closest('details').id") == "t1-e2"
    at.page.locator("#t1-e2 button.link").first.click()
    at.page.wait_for_selector("#inspector .sheet")
    assert "Expected but stated nowhere" in at.page.locator("#inspector").inner_text()
    at.page.locator("#t1-e1 [data-act=document]").click()
    at.page.wait_for_selector("#inspector .document-text")
    assert at.page.locator("#inspector mark").inner_text() == "severe renal impairment (eGFR below 30 mL/min)"
    at.page.click("#close")
    at.page.wait_for_selector("#inspector", state="hidden")
    at.check()


def test_a_follow_up_is_resolved_shown_and_can_be_edited(visit):
    at = visit().ready()
    at.page.locator("button.example", has_text="二甲双胍").click()
    at.answered("二甲双胍的禁忌症是什么？")
    at.ask("那副作用呢？")
    assert "二甲双胍的副作用是什么？" in at.live(".understood").inner_text()
    at.live("[data-act=edit]").click()
    at.page.wait_for_function("document.querySelector('#question textarea').value === '二甲双胍的副作用是什么？'")
    assert at.page.locator("#log .turn").count() == 1
    at.check()


def test_an_ambiguous_name_is_chosen_and_asked_again(visit):
    at = visit().ready()
    at.ask("What is a cold?")
    at.live("button.meaning", has_text="temperature").click()
    at.page.wait_for_selector("#live .said button.entity")
    assert at.live(".said").inner_text().startswith("cold (temperature)")
    at.check()


def test_the_query_behind_an_answer_is_edited_and_run(visit):
    at = visit().ready()
    at.ask("Which drugs treat type 2 diabetes?")
    at.live("details.ev summary").first.click()
    at.live("details.query summary").first.click()
    at.live("[data-act=sparql]").first.click()
    at.page.wait_for_function("document.querySelector('#query textarea')?.value.startsWith('SELECT')")
    at.page.click("#run-query")
    at.page.wait_for_selector("#query-result table")
    assert "<b>bold</b>" in at.page.locator("#query-result").inner_text()
    at.page.fill("#query textarea", "SELECT * { SERVICE <http://x> {} }")
    at.page.click("#run-query")
    at.page.wait_for_selector("#query-result [role=alert]")
    assert "SERVICE is not allowed" in at.page.locator("#query-result").inner_text()
    at.check()


def test_the_graph_is_explored_and_the_deciding_words_are_shown(visit):
    at = visit().ready()
    at.ask("When is metformin contraindicated?")
    at.live("[data-act=graph]").click()
    at.panel(".graph-view").wait_for()
    before = at.panel(".edge").count()
    toggle = at.panel("[data-act=expand][aria-label*=metformin]")
    toggle.focus()
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#inspector .toggle[aria-expanded=true]")
    assert at.panel(".edge").count() >= before and at.panel(".edge title").first.text_content()
    at.panel(".node.target[data-act=entity]").first.click()
    at.panel(".missing").wait_for()
    at.panel("[data-act=graph]").click()
    at.panel(".graph-view .toggle[aria-expanded=true]").wait_for()
    at.page.locator("#t1-e1 [data-act=why]").click()
    at.panel(".shaded .w3").first.wait_for()
    assert "Most decisive" in at.panel().inner_text()
    at.check()


def test_hostile_questions_are_inert(visit):
    at = visit().ready()
    for bad in (
        "<img src=x onerror='window.pwned=1'>",
        "${window.pwned=1}{{1+1}}",
        "<script>window.pwned=1</script> cold",
    ):
        at.ask(bad)
        assert at.live(".asked").inner_text() == bad
    assert at.page.evaluate("window.pwned") is None
    assert at.page.locator("#log img, #live img").count() == 0
    at.check()


def test_an_overlong_question_is_refused_in_words(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "x" * 5000)
    at.page.click("#ask")
    at.page.get_by_text("The question is too long").first.wait_for()
    at.check()


def test_a_running_answer_is_stopped_and_asked_again(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "slow: What are the side effects of metformin?")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#live .card.progress")
    assert at.live("li.now").count() == 1
    at.page.click("#stop")
    at.live("[role=alert]", has_text="Stopped").wait_for()
    at.page.wait_for_selector("#ask", state="visible")
    at.ask("What are the side effects of metformin?")
    assert at.page.locator(".turn").count() == 1
    at.check()


def test_what_is_answered_is_in_view(visit):
    at = visit().ready()
    for question in ("When is metformin contraindicated?", "Which drugs treat type 2 diabetes?"):
        at.ask(question)
    at.page.wait_for_function(
        "(y => y >= 0 && y < 300)(document.querySelector('#live .asked').getBoundingClientRect().y)"
    )
    at.check()


def test_what_is_sent_while_an_answer_is_made_is_asked_after_it(visit):
    at = visit().ready()
    at.page.fill("#question textarea", "slow: What are the side effects of metformin?")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#live .card.progress")
    at.page.fill("#question textarea", "When is metformin contraindicated?")
    at.page.keyboard.press("Enter")
    at.answered("When is metformin contraindicated?")
    assert at.page.locator("#log .turn").count() == 1
    assert at.page.input_value("#question textarea") == ""
    at.ask("and its side effects?")
    assert at.page.locator("#log .turn").count() == 2
    at.check()


def test_questions_sent_faster_than_answers_come_are_not_lost(visit):
    at = visit().ready()
    for number in range(6):
        at.ask(
            f"What is thing {number}?"
        )  # returns when the answer is drawn, before the page has heard that it is done
    assert at.page.locator("#log .turn").count() == 5
    assert at.page.locator("#live .error, #live .status-error").count() == 0
    at.check()


# Can hold back the word that the stream of results closes, so that what is asked meanwhile falls between two streams.
LATE_CLOSE = """(() => {
  const send = window.fetch;
  window.fetch = async (what, ...rest) => {
    const answer = await send(what, ...rest);
    if (!String(what.url || what).includes('/queue/data')) return answer;
    const read = new TextDecoder(), write = new TextEncoder();
    const late = new TransformStream({ async transform(chunk, out) {
      const text = read.decode(chunk, { stream: true });
      const at = text.includes('close_stream') ? text.lastIndexOf('data:', text.indexOf('close_stream')) : -1;
      if (!window.hold || at < 0) return out.enqueue(write.encode(text));
      out.enqueue(write.encode(text.slice(0, at)));
      await new Promise(done => { window.release = done; });
      out.enqueue(write.encode(text.slice(at)));
    } });
    return new Response(answer.body.pipeThrough(late), { headers: answer.headers, status: answer.status });
  };
})()"""


def test_what_is_asked_while_the_stream_of_results_closes_is_heard(visit):
    at = visit(script=LATE_CLOSE).ready()
    at.ask("When is metformin contraindicated?")
    at.page.wait_for_timeout(3000)  # for what follows an answer
    at.page.evaluate("window.hold = true")
    at.live("[data-act=entity]").first.click()
    at.panel(".sheet").wait_for()
    at.page.wait_for_function("!!window.release")
    with at.page.expect_response("**/queue/join*"):
        at.live("[data-act=document]:visible").first.click()
    at.page.evaluate("window.hold = false; window.release()")
    at.panel(".document-text").wait_for()
    at.check()
