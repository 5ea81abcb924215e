using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace WebBpf.Tests.Browser.Hosting;

/// <summary>A page in the browser, and every error its console showed.</summary>
public sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly string _theme;
    private readonly ConcurrentQueue<string> _errors = new();

    private Tab(IBrowserContext context, IPage page, string theme)
    {
        _context = context;
        _theme = theme;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
    }

    public IPage Page { get; }

    public static async Task<Tab> Of(IBrowserContext context, string theme) => new(context, await context.NewPageAsync(), theme);

    /// <summary>Opens a page and waits until its heading stands there and the frame shows the kernel.</summary>
    public async Task Go(string path, string heading)
    {
        await Page.GotoAsync(path);
        await Assertions.Expect(Page.Locator("h1")).ToHaveTextAsync(heading, new LocatorAssertionsToHaveTextOptions { Timeout = 15_000 });
        await Assertions.Expect(Page.Locator(".top b")).ToBeVisibleAsync();
    }

    public async Task Shoot(string name) =>
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(BrowserFixture.Artefacts, $"{name}-{_theme}.png"), FullPage = false });

    public void ExpectNoErrors() => Assert.True(_errors.IsEmpty, string.Join("\n", _errors));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
