// What a page needs of the browser: the theme before the first paint, the clipboard, files, and a return after the server was away.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => localStorage.getItem('webbpf.theme') || 'system';
  const apply = () => {
    const theme = stored();
    document.documentElement.dataset.theme = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  };
  apply();
  dark.addEventListener('change', apply);

  window.webbpf = {
    theme: stored,
    setTheme(theme) {
      localStorage.setItem('webbpf.theme', theme);
      apply();
    },
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return false;
      }
    },
    download(name, type, text) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    },
  };

  // A server that was restarted does not know this page's circuit any more: the address holds the state, so load it again.
  addEventListener('DOMContentLoaded', () => {
    const bar = document.getElementById('components-reconnect-modal');
    let waiting = false;
    const back = async () => {
      try {
        if ((await fetch('/readyz', { cache: 'no-store' })).ok) {
          location.reload();
          return;
        }
      } catch {
        // Not back yet.
      }
      setTimeout(back, 2000);
    };
    new MutationObserver(() => {
      const lost = bar.classList.contains('components-reconnect-failed') || bar.classList.contains('components-reconnect-rejected');
      if (lost && !waiting) {
        waiting = true;
        back();
      }
    }).observe(bar, { attributes: true, attributeFilter: ['class'] });
    document.querySelector('#blazor-error-ui .reload').addEventListener('click', e => { e.preventDefault(); location.reload(); });
  });
})();
