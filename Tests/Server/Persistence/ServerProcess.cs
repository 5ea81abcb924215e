using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WebBpf.Tests.Server.Hosting;
using Xunit;

namespace WebBpf.Tests.Server.Persistence;

/// <summary>The built server as a process of its own on an ephemeral port, which can be killed; the database outlives it.</summary>
public sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, HttpClient client)
    {
        _process = process;
        Client = client;
    }

    public HttpClient Client { get; }

    public static async Task<ServerProcess> Start(string database, params (string Name, string Value)[] settings)
    {
        int port = FreePort();
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        start.Environment["Urls"] = $"http://127.0.0.1:{port}";
        start.Environment["ConnectionStrings__Bpffs"] = $"Data Source={database}";
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        Process process = Process.Start(start) ?? throw new InvalidOperationException("The server did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new ServerProcess(process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) });
        await server.WaitReady();
        return server;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        Client.Dispose();
        _process.Dispose();
    }

    private async Task WaitReady()
    {
        for (int i = 0; i < 300; i++)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The server ended with code {_process.ExitCode}.");
            try
            {
                if ((await Client.Get("/readyz")).Code == 200)
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
