using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Xunit;

namespace WebBpf.Tests.Browser.Hosting;

/// <summary>The built server as a process of its own, on an ephemeral port and a database of its own.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private DashboardServer(Process process, string folder, Uri address)
    {
        _process = process;
        _folder = folder;
        Address = address;
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public Uri Address { get; }

    /// <summary>A caller of the REST interface.</summary>
    public HttpClient Client { get; }

    public static async Task<DashboardServer> Start()
    {
        string binaries = typeof(DashboardServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ServerFolder").Value!;
        string folder = Directory.CreateTempSubdirectory("webbpf-browser-").FullName;
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet", [Path.GetFullPath(Path.Combine(binaries, "WebBpf.Server.dll"))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["Urls"] = address.OriginalString;
        start.Environment["ConnectionStrings__Bpffs"] = $"Data Source={Path.Combine(folder, "webbpf.db")}";
        Process process = Process.Start(start) ?? throw new InvalidOperationException("The server did not start.");
        process.OutputDataReceived += (_, line) => Note(folder, line.Data);
        process.ErrorDataReceived += (_, line) => Note(folder, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new DashboardServer(process, folder, address);
        await server.WaitReady();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Note(string folder, string? line)
    {
        if (line is not null && Directory.Exists(folder))
            File.AppendAllText(Path.Combine(folder, "log.txt"), line + "\n");
    }

    private async Task WaitReady()
    {
        for (int i = 0; i < 300; i++)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The server ended with code {_process.ExitCode}.");
            try
            {
                using HttpResponseMessage answer = await Client.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("The server was not ready in time.");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
