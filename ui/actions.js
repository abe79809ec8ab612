element.addEventListener('click', function (event) {
  const control = event.target.closest('[data-act]');
  if (!control || !element.contains(control)) return;
  const act = control.dataset.act;
  if (act === 'cite') {
    event.preventDefault();
    const card = document.getElementById(control.getAttribute('href').slice(1));
    if (!card) return;
    for (let node = card; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
    card.scrollIntoView({ block: 'center', behavior: 'smooth' });
    card.querySelector('summary').focus({ preventScroll: true });
    card.classList.add('flash');
    setTimeout(function () { card.classList.remove('flash'); }, 1600);
    return;
  }
  if (act === 'copy') {
    const said = control.closest('.card').querySelector('.said');
    if (navigator.clipboard) navigator.clipboard.writeText(said ? said.innerText : '');
    const before = control.textContent;
    control.textContent = control.dataset.done;
    setTimeout(function () { control.textContent = before; }, 1500);
    return;
  }
  const turn = control.closest('[data-turn]');
  const data = Object.assign({}, control.dataset);
  if (turn) data.turn = turn.dataset.turn;
  const asks = ['example', 'again', 'choose', 'ask'];
  trigger(asks.includes(act) ? 'submit' : act === 'edit' ? 'edit' : 'select', data);
});
