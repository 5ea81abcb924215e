namespace WebBpf.Server.Hosting;

/// <summary>What a browser without rights gets in place of a page of the dashboard.</summary>
public static class StartPage
{
    public const string Html =
        """
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>WebBpf</title>
          <style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; } code { font-size: .95em; }</style>
        </head>
        <body>
          <h1>WebBpf</h1>
          <p>The BPF subsystem of Linux 6.18 as a web service: load, verify, run, inspect and pin BPF programs and maps over REST.</p>
          <ul>
            <li><a href="/swagger">/swagger</a>: every route, to read and to try</li>
            <li><a href="/api/v1/kernel">/api/v1/kernel</a>: what runs here</li>
            <li><a href="/metrics">/metrics</a>: counters for Prometheus</li>
          </ul>
          <p>This server asks every caller for a key (<code>Authorization: Bearer KEY</code>), or the request came through a proxy and has no loopback rights.
          Send a key with each request; <a href="/swagger">/swagger</a> can do so, and a five-minute tour by <code>curl</code> is in the README.</p>
        </body>
        </html>
        """;
}
