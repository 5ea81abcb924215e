using Microsoft.Playwright;
using WebBpf.Tests.Browser.Hosting;
using Xunit;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace WebBpf.Tests.Browser.Hosting;

/// <summary>One Chromium and one server for all tests. Where Chromium is missing the tests skip and say so.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly string[] Arguments =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private DashboardServer? _server;

    /// <summary>Where screenshots go.</summary>
    public static string Artefacts { get; } = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;

    public DashboardServer Server => _server ?? throw new InvalidOperationException("There is no browser here; ask Open first.");

    public async ValueTask InitializeAsync()
    {
        string? chromium = Chromium();
        if (chromium is null)
            return;
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = Arguments });
        _server = await DashboardServer.Start();
    }

    /// <summary>A tab in a profile of its own, 1280 px wide.</summary>
    public async Task<Tab> Open(string theme = "light")
    {
        if (_browser is null)
            Assert.Skip("Chromium is missing (/usr/bin/chromium, or the path in WEBBPF_CHROMIUM).");
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Server.Address.OriginalString,
            ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
            ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
        });
        return await Tab.Of(context, theme);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? Chromium() =>
        new[] { Environment.GetEnvironmentVariable("WEBBPF_CHROMIUM"), "/usr/bin/chromium" }.FirstOrDefault(p => p is not null && File.Exists(p));
}
