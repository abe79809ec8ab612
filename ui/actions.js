function act(control) {
  const turn = control.closest('[data-turn]');
  const data = Object.assign({}, control.dataset);
  if (turn) data.turn = turn.dataset.turn;
  const asks = ['example', 'again', 'choose', 'ask'];
  trigger(asks.includes(data.act) ? 'submit' : data.act === 'edit' ? 'edit' : 'select', data);
}
function cite(control) {
  const card = document.getElementById(control.getAttribute('href').slice(1));
  if (!card) return;
  for (let node = card; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
  card.scrollIntoView({ block: 'center', behavior: 'smooth' });
  card.querySelector('summary').focus({ preventScroll: true });
  card.classList.add('flash');
  setTimeout(function () { card.classList.remove('flash'); }, 1600);
}
function copy(control) {
  const said = control.closest('.card').querySelector('.said');
  if (navigator.clipboard) navigator.clipboard.writeText(said ? said.innerText : '');
  const before = control.textContent;
  control.textContent = control.dataset.done;
  setTimeout(function () { control.textContent = before; }, 1500);
}
element.addEventListener('click', function (event) {
  const control = event.target.closest('[data-act]');
  if (!control || !element.contains(control)) return;
  if (control.dataset.act === 'cite') { event.preventDefault(); cite(control); }
  else if (control.dataset.act === 'copy') copy(control);
  else act(control);
});
element.addEventListener('keydown', function (event) {  // things in a picture are controls too
  if (event.key !== 'Enter' && event.key !== ' ') return;
  const control = event.target.closest('g[data-act]');
  if (control) { event.preventDefault(); act(control); }
});
let marking = null;
document.addEventListener('selectionchange', function () {  // words marked in a passage, by mouse, finger or keyboard
  clearTimeout(marking);
  marking = setTimeout(function () {
    const selection = document.getSelection();
    if (!element.isConnected || !selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    const within = function (node) { return (node.nodeType === 1 ? node : node.parentElement).closest('[data-place]'); };
    const passage = within(range.startContainer);
    if (!passage || !element.contains(passage) || within(range.endContainer) !== passage) return;
    trigger('input', { place: passage.dataset.place, span: range.toString().trim() });
  }, 350);
});
let asked = null;
let said = null;
function opened(box, place) {  // scroll a box to a place in it as soon as it has a size: the panel may still be opening
  if (!box) return;
  const seen = new ResizeObserver(function () {
    const to = place();
    if (!box.clientHeight || to === null) return;
    box.scrollTop = to - box.clientHeight / 2;
    seen.disconnect();
  });
  seen.observe(box);
  for (const inner of box.children) seen.observe(inner);
}
function follow() {
  const live = element.querySelector('[data-live]');
  const words = live && live.querySelector('.asked').textContent;
  const turn = element.querySelector('.turn');
  if (turn && words !== asked) turn.scrollIntoView({ block: 'start', behavior: 'smooth' });  // asked, or answered
  asked = words;
  const news = element.closest('#live') && element.querySelector('[data-say]');  // told to people who cannot see it
  const tell = document.getElementById('tell');
  if (news && tell && news.dataset.say !== said) tell.textContent = news.dataset.say;
  said = news && news.dataset.say;
  const text = element.querySelector('.document-text');
  const mark = text && text.querySelector('mark');
  if (mark) opened(text, function () {
    return mark.getBoundingClientRect().top - text.getBoundingClientRect().top + text.scrollTop;
  });
  const page = element.querySelector('.page-picture');
  if (page) opened(page, function () {
    const drawn = page.querySelector('img');
    return drawn.clientHeight > 1 && drawn.complete ? Number(page.dataset.at) * drawn.clientHeight : null;
  });
}
watch('value', follow);
follow();  // what is there from the start
