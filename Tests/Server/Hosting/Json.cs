using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebBpf.Tests.Server.Hosting;

/// <summary>Requests with JSON and what came back.</summary>
public static class Json
{
    public static async Task<Answer> Send(this HttpClient client, HttpMethod method, string url, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await client.SendAsync(request, Xunit.TestContext.Current.CancellationToken);
        return await Read(response);
    }

    public static Task<Answer> Get(this HttpClient client, string url, params (string Name, string Value)[] headers) => client.Send(HttpMethod.Get, url, null, headers);

    public static Task<Answer> Post(this HttpClient client, string url, string body, params (string Name, string Value)[] headers) => client.Send(HttpMethod.Post, url, body, headers);

    public static async Task<Answer> PostBytes(this HttpClient client, string url, byte[] body, string contentType = "application/octet-stream")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using HttpResponseMessage response = await client.PostAsync(new Uri(url, UriKind.RelativeOrAbsolute), content, Xunit.TestContext.Current.CancellationToken);
        return await Read(response);
    }

    private static async Task<Answer> Read(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(Xunit.TestContext.Current.CancellationToken);
        JsonNode? json = null;
        if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true)
            json = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 128 });
        return new Answer(response.StatusCode, text, json, response.Content.Headers.ContentType?.MediaType);
    }
}

/// <summary>Status, text, and the JSON where it is some.</summary>
public sealed record Answer(HttpStatusCode Status, string Text, JsonNode? Body, string? ContentType)
{
    public int Code => (int)Status;

    public JsonNode? this[string name] => Body?[name];
}
