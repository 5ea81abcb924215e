using Microsoft.Playwright;
using WebBpf.Tests.Browser.Hosting;
using Xunit;

namespace WebBpf.Tests.Browser.Pages;

public sealed class PageTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task Every_page_opens_without_an_error_in_the_console(string theme)
    {
        await using Tab tab = await browser.Open(theme);
        foreach ((string path, string heading) in new[] { ("/", "Overview"), ("/objects", "Objects"), ("/programs", "Programs"), ("/maps", "Maps"), ("/nowhere", "Not found") })
        {
            await tab.Go(path == "/nowhere" ? "/not-found" : path, heading);
            await tab.Page.WaitForTimeoutAsync(300);
            await tab.Shoot(heading.ToLowerInvariant().Replace(' ', '-'));
        }

        tab.ExpectNoErrors();
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task The_sample_loads_runs_and_shows_itself(string theme)
    {
        await using Tab tab = await browser.Open(theme);
        await tab.Go("/", "Overview");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Load the sample" }).ClickAsync();
        ILocator note = tab.Page.Locator(".note[role=status]");
        await Assertions.Expect(note).ToContainTextAsync("ran over");
        await Assertions.Expect(tab.Page.Locator("table.grid")).ToContainTextAsync("prog_load");
        await tab.Shoot("overview-sample");

        await note.GetByRole(AriaRole.Link, new() { Name = "protocols", Exact = true }).ClickAsync();
        await Assertions.Expect(tab.Page.Locator("h1")).ToHaveTextAsync("protocols");
        await Assertions.Expect(tab.Page.Locator("table.grid tbody tr").First).ToBeVisibleAsync();
        await tab.Page.WaitForTimeoutAsync(500);
        await tab.Shoot("map");

        await tab.Page.GoBackAsync();
        await tab.Page.Locator(".side").GetByRole(AriaRole.Link, new() { Name = "Programs" }).ClickAsync();
        await tab.Page.Locator("table.grid").GetByRole(AriaRole.Link, new() { Name = "count_protocols" }).First.ClickAsync();
        await Assertions.Expect(tab.Page.Locator("h1")).ToHaveTextAsync("count_protocols");
        await Assertions.Expect(tab.Page.Locator(".code")).ToContainTextAsync("exit");
        await tab.Page.WaitForTimeoutAsync(300);
        await tab.Shoot("program");
        tab.ExpectNoErrors();
    }
}
