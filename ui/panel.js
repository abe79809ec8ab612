// The panel for details: the keyboard goes into it when it opens, and back to where it was when it closes. Escape closes it.
(function () {
  let open = false;
  let inside = false;
  let waits = false;
  let from = null;
  function panel() {
    return document.getElementById('inspector');
  }
  function enter() {
    const head = document.querySelector('#inspector-head h2');
    waits = !head;  // the heading comes a moment after the panel
    if (!head) return;
    head.tabIndex = -1;
    head.focus({ preventScroll: true });
  }
  function look() {
    const now = panel();
    const shown = !!now && now.getClientRects().length > 0;
    if (shown && !open) {
      from = document.activeElement;
      open = true;
      enter();
    } else if (!shown && open) {
      open = false;
      if (inside && from && from.isConnected) from.focus({ preventScroll: true });
      inside = false;
    } else if (shown && (waits || (inside && document.activeElement === document.body))) enter();  // what had the focus was replaced
  }
  document.addEventListener('focusin', function (event) {
    inside = open && !!panel() && panel().contains(event.target);
  });
  document.addEventListener('keydown', function (event) {
    const listed = document.querySelector('#inspector ul[role="listbox"]');  // there Escape closes the list of choices
    if (event.key === 'Escape' && open && !listed && !event.defaultPrevented) document.querySelector('#close').click();
  });
  new MutationObserver(look).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'style'],
  });
})();
