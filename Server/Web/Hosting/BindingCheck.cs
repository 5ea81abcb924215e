using System.Net;

namespace WebBpf.Server.Hosting;

/// <summary>Refuses to listen beyond the loopback interface unless every call needs a key.</summary>
public static class BindingCheck
{
    /// <exception cref="StartupException">An address is reachable from outside and <c>Auth:Mode</c> is not ApiKey.</exception>
    public static void Run(IConfiguration configuration, AuthOptions auth)
    {
        if (auth.Mode == AuthMode.ApiKey)
            return;
        foreach (string address in Addresses(configuration))
        {
            if (!IsLoopback(address))
            {
                throw new StartupException(
                    $"the address {address} is reachable from other machines, and Auth:Mode is {auth.Mode}. "
                    + "Set Auth:Mode=ApiKey and Auth:BootstrapKey, or bind to 127.0.0.1.");
            }
        }
    }

    /// <summary>Every address the web server will listen on, as Kestrel reads them: endpoints first, then urls, then bare ports.</summary>
    private static List<string> Addresses(IConfiguration configuration)
    {
        List<string> found =
            [.. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>()];
        found.AddRange(Split(configuration["urls"]));
        if (found.Count == 0)
            found.AddRange(Split(configuration["http_ports"]).Concat(Split(configuration["https_ports"])).Select(port => $"http://*:{port}"));
        return found;
    }

    private static string[] Split(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    internal static bool IsLoopback(string address)
    {
        BindingAddress parsed;
        try
        {
            parsed = BindingAddress.Parse(address);
        }
        catch (FormatException)
        {
            throw new StartupException($"'{address}' in Urls is not an address such as http://127.0.0.1:5080.");
        }

        if (parsed.IsUnixPipe)
            return true;
        string host = parsed.Host.Trim('[', ']');
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
    }
}
